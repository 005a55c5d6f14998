<?php
// wordpress.php PLUGIN EDGE SITE_KEY: prints what the plugin puts into a page's head. The functions below do of WordPress's
// what the plugin needs; the settings go through the plugin's own cleaning, and its page of settings is made once.

declare( strict_types = 1 );

error_reporting( E_ALL );
set_error_handler( function ( $level, $message, $file, $line ) {
	throw new ErrorException( $message, 0, $level, $file, $line );
} );

const ABSPATH = '/';
$hooks = $options = $cleaning = $scripts = $boxes = array();

function add_filter( $name, $act, $priority = 10, $count = 1 ) {
	$GLOBALS['hooks'][ $name ][] = array( $act, $count );
}
function add_action( $name, $act ) {
	add_filter( $name, $act, 10, 0 );
}
function apply_filters( $name, $value, ...$more ) {
	foreach ( $GLOBALS['hooks'][ $name ] ?? array() as list( $act, $count ) ) {
		$value = $act( ...array_slice( array( $value, ...$more ), 0, $count ) );
	}
	return $value;
}
function get_option( $name ) {
	return $GLOBALS['options'][ $name ] ?? false;
}
function register_setting( $group, $name, $settings ) {
	$GLOBALS['cleaning'][ $name ] = $settings['sanitize_callback'];
}
function add_settings_section( $id, $title, $act, $page ) {}
function add_settings_field( $id, $title, $act, $page, $section, $more ) {
	$GLOBALS['boxes'][] = $act;
}
function settings_fields( $group ) {}
function do_settings_sections( $page ) {
	foreach ( $GLOBALS['boxes'] as $box ) {
		$box();
	}
}
function submit_button() {}
function add_options_page( $title, $name, $right, $page, $act ) {
	$act();
}
function wp_enqueue_script( $name, $src, $needs, $version, $more ) {
	$GLOBALS['scripts'][ $name ] = array( $src, $more['strategy'] );
}
function esc_attr( $text ) {
	return htmlspecialchars( (string) $text, ENT_QUOTES );
}
function esc_html( $text ) {
	return htmlspecialchars( (string) $text, ENT_QUOTES );
}
function esc_url_raw( $text, $schemes ) {
	return $text;
}
function untrailingslashit( $text ) {
	return rtrim( $text, '/' );
}

list( , $plugin, $edge, $site ) = $argv;
require $plugin;

apply_filters( 'admin_init', null );
$given = array( 'porchlight_edge' => " $edge/ ", 'porchlight_site' => 'pk_' . str_repeat( 'a', 24 ) );
foreach ( $given as $name => $typed ) {
	$options[ $name ] = $cleaning[ $name ]( $typed );
}
if ( '' !== $cleaning['porchlight_site']( 'pk_"><script>' ) || $given['porchlight_site'] !== $options['porchlight_site'] ) {
	throw new Exception( 'a site key is not cleaned well' );
}
$options['porchlight_site'] = $site;
ob_start();
apply_filters( 'admin_menu', null );
$shown = ob_get_clean();
if ( substr_count( $shown, '<input' ) !== 2 || ! str_contains( $shown, 'value="' . esc_attr( $edge ) . '"' ) ) {
	throw new Exception( "the page of settings is not right: $shown" );
}

apply_filters( 'wp_enqueue_scripts', null );
foreach ( $scripts as $name => list( $src, $strategy ) ) {
	// As WordPress prints it.
	$form = '<script type="text/javascript" src="%s" id="%s-js" %3$s="%3$s" data-wp-strategy="%3$s"></script>';
	$tag  = sprintf( $form, esc_attr( $src ), $name, $strategy );
	echo apply_filters( 'script_loader_tag', $tag, $name, $src );
}
